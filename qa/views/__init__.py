"""Pages, split by noun. Views read rows and hand them to templates; rules are in the rooms they call."""
