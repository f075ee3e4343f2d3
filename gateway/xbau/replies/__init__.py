"""What authorities send back: the values, and how they are found in the XML of any release."""
