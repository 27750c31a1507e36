"""The configuration file. Nothing outside this room knows YAML or pydantic's words."""
