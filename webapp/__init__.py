"""The shell of Puhui: HTTP, rows, files and queues around the pure rules of points_engine."""
