"""The pace of a base, shared by threads, by the processes of a host, and by hosts."""
