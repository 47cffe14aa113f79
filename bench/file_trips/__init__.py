"""What ``real_files.py`` consists of."""
