"""What was asked: an upload, what the user said of it, every channel of the file, and the library's doors."""
