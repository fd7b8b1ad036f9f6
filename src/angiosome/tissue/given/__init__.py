"""Networks that others give: the flow of blood in them, its haematocrit, and its oxygen."""
