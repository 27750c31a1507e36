"""What stands round the core: turns and deadlines, one relay's hands, the disk, the proof test."""
