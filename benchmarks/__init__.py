"""Measurements that anybody can repeat; none of this is part of the product."""
