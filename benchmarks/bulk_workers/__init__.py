"""Several workers at full length, with the leases as shipped: issue 6's acceptance measures of several machines."""
