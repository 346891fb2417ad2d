"""Records of many systems to residents, households and enterprises."""
