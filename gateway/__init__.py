"""Bauweiche: the gateway between a building-permit portal and the building authorities of NRW."""
