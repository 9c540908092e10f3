"""Data by key: the port, and its adapters for folders and for S3."""
