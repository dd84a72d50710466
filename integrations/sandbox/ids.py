"""Made-up identity numbers: valid by GB 11643, and recognisable at a glance.

Digits 15 to 17 of every number are 996 to 999. These were set aside to tell people of a hundred years and more apart
(general knowledge, not from the standard's text), so whoever was born after 1930 should not carry one, and everybody
can see that the number is made up.
"""

from datetime import date

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_CHARACTERS = "10X98765432"
# Odd for men, even for women.
MADE_UP_SEQUENCES = {"1": ("997", "999"), "2": ("996", "998")}


def check_character(first_seventeen: str) -> str:
    """The eighteenth character of a number: ISO 7064 MOD 11-2, a digit or X."""
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, first_seventeen, strict=True))
    return CHECK_CHARACTERS[total % 11]


def resident_number(place_code: str, born: date, sequence: str) -> str:
    """An 18-character number of a resident: place of the first registration, birth date, sequence, check character."""
    body = f"{place_code}{born:%Y%m%d}{sequence}"
    return body + check_character(body)


def permanent_resident_number(province: str, country: str, born: date, sequence: str) -> str:
    """The number of a foreigner's permanent residence card since December 2023.

    9, two digits of the province that took the application, three of the country (ISO 3166-1 numeric), birth date,
    sequence and the same check character: 18 digits that can be keyed, and whose first six are no place.
    """
    return resident_number(f"9{province}{country}", born, sequence)


def old_permanent_resident_number(country: str, place: str, born: date, sequence: int) -> str:
    """The number of the card before that: three letters of the country, four digits of a place, yymmdd, two digits."""
    return f"{country}{place}{born:%y%m%d}{sequence:02d}"


def mask(number: str) -> str:
    """The last four characters, the rest as asterisks; short ones vanish whole."""
    return "*" * len(number) if len(number) < 9 else "*" * (len(number) - 4) + number[-4:]
