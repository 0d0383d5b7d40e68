"""What one machine needs beside our own code: PostgreSQL, Java, Spark's jars and long-running processes.

Everything lives in the state folder or in the virtual environment; nothing is installed on the machine.
"""
