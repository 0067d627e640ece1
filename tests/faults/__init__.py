"""Real processes under real faults: kills, full and slow disks, and a search for what must not be found."""
