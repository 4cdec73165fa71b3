"""What the interop tests and the measuring scripts share."""
