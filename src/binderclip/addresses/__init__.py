"""What people paste: `link` parses web addresses, `masking` hides their secrets, and `table`
turns them into requests by one small rule for each family of hosts. Nothing here uses the network.
"""
