"""Our WSDL and schema for the plain SOAP hand-over: one operation, for software that has no XTA."""
