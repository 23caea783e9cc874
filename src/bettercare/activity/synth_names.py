"""Names for synthetic people: made of common forenames and of surnames put together from parts.

The lists were made up for this purpose. Few forenames are very frequent and many are rare, as in life, so that several
people share a name and even a birthday, and a linker that trusts names alone is found out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Texts = NDArray[np.object_]

_FORENAMES = {
    ("white", "F"): """Margaret Susan Patricia Sarah Emma Jean Christine Linda Elizabeth Mary Julie Karen Jessica Laura
        Amy Olivia Emily Sophie Charlotte Chloe Joan Dorothy Barbara Sheila Janet Helen Catherine Rebecca Hannah Lucy
        Grace Ruby Lily Ella Alice Doris Irene Maureen Pauline Carol Sandra Deborah Tracey Sharon Nicola Michelle
        Victoria Rachel Katherine Natalie Kelly Gemma Stacey Holly Georgia Megan Abigail Molly Isabelle Freya Poppy
        Daisy Edith Winifred Kathleen Marjorie Gillian Wendy Judith Teresa Joanne Lorraine Amanda Heather""",
    ("white", "M"): """John David Michael Peter James Robert Paul William Thomas Andrew Richard Stephen Mark George
        Daniel Matthew Christopher Joseph Jack Oliver Harry Charlie Alan Brian Kenneth Ronald Derek Raymond Dennis
        Anthony Kevin Gary Ian Graham Colin Barry Trevor Keith Roger Simon Philip Martin Nicholas Jonathan Adam
        Benjamin Luke Samuel Joshua Ryan Liam Callum Jacob Alfie Noah Leo Oscar Archie Henry Edward Albert Ernest
        Frederick Arthur Leonard Stanley Norman Gordon Neil Stuart Craig Dean Scott Lee Shaun""",
    ("asian", "F"): """Fatima Aisha Priya Anjali Meena Sunita Kamala Shanta Rekha Nisha Pooja Zainab Khadija Maryam
        Amina Yasmin Nazia Shazia Rukhsana Parveen Jyoti Hansa Manjula Kokila Bhavna Hina Komal Divya Kavita Sangita
        Harpreet Manjit Gurpreet Jaspreet Surinder Rajinder Balwinder Simran Kiran Neha Sana Sadia Hafsa Ruqayyah
        Safiya Halima Leela Usha Pushpa Ramila Nirmala Daksha Ila Pratibha""",
    ("asian", "M"): """Mohammed Ahmed Imran Ali Hassan Yusuf Ibrahim Ismail Abdul Bilal Hamza Omar Usman Tariq Khalid
        Rajesh Suresh Ramesh Mahesh Dinesh Bharat Kishor Jayesh Nilesh Hitesh Amit Sanjay Vijay Anil Ashok Harish
        Gurdeep Balbir Mohinder Jaswinder Sukhdev Hardeep Amrit Ravi Deepak Rohan Arjun Krishan Naresh Pravin Kantilal
        Chhotalal Manilal Faisal Zubair Rashid Haroon Idris Salim""",
    ("black", "F"): """Hodan Fadumo Asha Amara Ngozi Chioma Blessing Grace Esther Marcia Beverley Sharon Yvonne Hawa
        Fowsia Sagal Ifrah Abena Efua Adaeze Folake Tendai Rudo Nyasha Chipo Precious Patience Gloria Marlene""",
    ("black", "M"): """Abdi Mahad Hassan Farah Emeka Chidi Tunde Kwame Kofi Yaw Winston Leroy Delroy Errol Carlton
        Tafara Tendai Farai Simba Tinashe Emmanuel Samuel Isaac Joseph Daniel Liban Guled Warsame Desmond Clive""",
}  # fmt: skip
_SURNAMES = {
    "white": """Smith Jones Taylor Brown Williams Wilson Johnson Davies Robinson Wright Thompson Evans Walker White
        Roberts Green Hall Wood Jackson Clarke Harris Lewis Martin Cooper King Ward Turner Hill Moore Clark Baker
        Harrison Morris Allen Scott Watson Young Mitchell Parker Bennett Cook Carter Richardson Bailey Shaw Bell
        Miller Cox Marshall Simpson Richards Freer Toone Orton Gamble Freestone Hubbard Measures Wormleighton""",
    "asian": """Patel Singh Khan Kaur Hussain Mistry Shah Ahmed Begum Ali Chauhan Parmar Solanki Desai Joshi Mehta
        Sharma Malik Iqbal Akhtar Rahman Choudhury Miah Uddin Dhillon Gill Sandhu Sidhu Bains Lad Modi Gandhi Thakrar
        Popat Lakhani Sodha Raval Pandya Vyas Trivedi Bhatt Tailor Gohil Makwana Rathod Odedra Karavadra""",
    "black": """Mohamed Abdi Hassan Warsame Okafor Adeyemi Mensah Boateng Moyo Ncube Sibanda Campbell Francis Henry
        Grant Clarke Bailey Joseph Samuels Osman Farah Jama Okeke Eze Owusu Asante Dube Phiri Banda Thompson""",
}  # fmt: skip
_PARTS = {
    "white": (
        """Ash Black Brad Broad Burn Clay Copp Crans Dal Ever Fair Gold Ham Hart Hazel Kirk Lang Med Nor Oak Pem Rad Sel
        Stan Thorn Wake Whit Wood Yard Hal""",
        "bury by croft den field ford gate ham hurst ing ley low man more ridge son stock ton well wick worth",
    ),
    "asian": (
        "Bala Bhan Chand Dev Dhan Gopal Hari Jaga Kali Lal Mani Nara Om Prem Raj Sita Tara Uma Vala Zafar",
        "bhai dia gar jani kar lia mal nath pal ria sana vala wala yani",
    ),
    "black": ("Ade Ama Chi Dia Ibe Kama Ma Nko Obi Ola Se Ugo", "bayo che dele fana koro la mba ndu ola sa tope"),
}
NICKNAMES = {
    "Margaret": "Peggy", "Susan": "Sue", "Patricia": "Pat", "Elizabeth": "Liz", "Christine": "Chris",
    "Catherine": "Cathy", "Katherine": "Kate", "Rebecca": "Becky", "Victoria": "Vicky", "Jessica": "Jess",
    "Deborah": "Debbie", "Joanne": "Jo", "Amanda": "Mandy", "Dorothy": "Dot", "Barbara": "Babs", "Michelle": "Shelly",
    "John": "Jack", "David": "Dave", "Michael": "Mick", "Peter": "Pete", "James": "Jim", "Robert": "Bob",
    "William": "Bill", "Thomas": "Tom", "Andrew": "Andy", "Richard": "Dick", "Stephen": "Steve", "Daniel": "Dan",
    "Matthew": "Matt", "Christopher": "Chris", "Joseph": "Joe", "Kenneth": "Ken", "Ronald": "Ron", "Anthony": "Tony",
    "Nicholas": "Nick", "Benjamin": "Ben", "Samuel": "Sam", "Joshua": "Josh", "Edward": "Ted", "Frederick": "Fred",
    "Leonard": "Len", "Stanley": "Stan", "Jacob": "Jake", "Philip": "Phil", "Mohammed": "Mo", "Harpreet": "Harps",
}  # fmt: skip
# Ways of writing the same sound in letters of another alphabet, and slips of the pen.
_SOUNDS = (
    ("Mohammed", "Muhammad"), ("Mohammed", "Mohamed"), ("ee", "i"), ("oo", "u"), ("ph", "f"), ("v", "w"), ("kh", "k"),
    ("sh", "s"), ("dh", "d"), ("ya", "ia"), ("ai", "ay"), ("ck", "k"), ("ll", "l"), ("tt", "t"), ("ss", "s"),
    ("y", "ie"), ("ie", "y"), ("i", "ee"), ("u", "oo"), ("a", "e"),
)  # fmt: skip


def kind(groups: Texts) -> Texts:
    """The kind of name (white, asian, black) that goes with an ethnic group; the other groups go with the first."""
    return np.where(np.isin(groups, ["asian", "black"]), groups, "white").astype(object)


def forenames(kinds: Texts, sexes: Texts, draws: NDArray[np.float64]) -> Texts:
    """A forename for each person from a uniform draw."""
    out = np.empty(len(kinds), dtype=object)
    for (group, sex), text in _FORENAMES.items():
        here = (kinds == group) & (sexes == sex)
        out[here] = _pick(text.split(), draws[here], 0.85)
    return out


def surnames(kinds: Texts, draws: NDArray[np.float64]) -> Texts:
    """A surname for each person from a uniform draw: half from the list, half put together."""
    out = np.empty(len(kinds), dtype=object)
    for group, text in _SURNAMES.items():
        first, last = (part.split() for part in _PARTS[group])
        names = text.split() + [a + b for b in last for a in first]
        here = kinds == group
        out[here] = _pick(names, draws[here], 0.9)
    return out


def _pick(names: list[str], draws: NDArray[np.float64], power: float) -> Texts:
    """Names with a frequency that falls with their place in the list (Zipf's law)."""
    weight = 1.0 / np.arange(3, len(names) + 3) ** power
    return np.array(names, dtype=object)[np.searchsorted(np.cumsum(weight) / weight.sum(), draws)]


def misspelt(name: str, draw: float) -> str:
    """The name in another spelling: by sound where a rule fits, else with one letter lost or doubled."""
    fits = [(a, b) for a, b in _SOUNDS if a in name]
    step = int(draw * 997)
    if fits and step % 3:
        before, after = fits[step // 3 % len(fits)]
        return name.replace(before, after, 1)
    place = 1 + step // 2 % max(len(name) - 1, 1)
    return name[:place] + (name[place + 1 :] if step % 2 else name[place - 1] + name[place:])
