"""The archive for agents, over the Model Context Protocol. antigravity/mcp.py is its door."""
