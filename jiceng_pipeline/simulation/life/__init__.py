"""What happens in the city on a day: births, deaths, moves, marriages, work, trade, each in a file of its own."""
