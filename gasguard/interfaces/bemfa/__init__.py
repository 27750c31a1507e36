"""bemfa (巴法云): the cloud that Mi Home links."""
