"""标准先行: data elements, code sets, identifiers, names, addresses, divisions."""
