"""The programs that are measured: this library's, the bare ones that they are held against, and the peers'."""
