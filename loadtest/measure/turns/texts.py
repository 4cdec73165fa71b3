"""What is said in the turns. `|` is a pause inside the turn, whatever stands before it.

Every other text is for tuning, the rest for reporting; both halves have the same mixture.
"""

from __future__ import annotations

# The speaker looks for words: the sentence cannot end at the pause.
HESITATIONS = (
    "Well, I think, | that we should meet on Friday instead.",
    "I would like to book a table for, | four people at seven.",
    "My number is five five five, | one two three four.",
    "Um, | so I was wondering if you have time tomorrow.",
    "Can you tell me, | how far it is to the station?",
    "I was going to say that, | um, | the printer does not work.",
    "I need to change my flight because, | my mother is in hospital.",
    "The address is twenty two, | Garden Street in Bristol.",
    "We went to the, | the little shop near the river.",
    "Could you please send it to, | my office instead of my home?",
    "I have a question about, | the bill that came last week.",
    "It all started when, | the lights went out on Monday.",
    "My name is Susan and, | I am calling about the flat.",
    "Let me see, | it was the third of October.",
    "I want a large pizza with, | mushrooms and, | extra cheese.",
    "What happens if, | I do not pay by Friday?",
    "She told me that the doctor, | would call me back this morning.",
    "I'd like to, | cancel my subscription please.",
    "So, | what would you recommend for a beginner?",
    "The reason I am calling is, | that my order never arrived.",
    "Please remind me to, | water the plants on Sunday.",
    "He said it would cost about, | two hundred dollars.",
    "I think we need, | more time for this.",
    "My account number is four two seven, | nine one six, | zero three eight eight.",
    # Written after the tuning was done, whichever half they are in.
    "In my last job I was responsible for, | the whole warehouse.",
    "It depends on whether, | the parcel arrives before noon.",
    "You have to press the button on the, | left side of the machine.",
    "Her phone number ends with, | six six two.",
    "I would probably start by, | asking the customers what they need.",
    "The biggest problem was the, | uh, | the old database.",
    "Is there any chance to, | move my appointment to Thursday?",
    "They told us, | the bridge was closed until June.",
    "Maybe we can, | take the bus instead.",
    "I worked there for about, | six years.",
    "When I was a student, | I used to deliver newspapers.",
    "My postcode is S W one, | four A B.",
    "What I like most about it is, | the quiet.",
    "If nobody answers the door, | leave it with the neighbours.",
    "Do you know if, | the museum is open on Mondays?",
    "We tried to, | er, | to fix it ourselves first.",
)

# The pause comes after words that could have been all.
CLAUSES = (
    "I called the office yesterday, | but nobody picked up.",
    "Yes, | I would like that very much.",
    "I live in Leeds, | near the old market.",
    "The train was late again, | so I missed the meeting.",
    "No, | I have not received the letter yet.",
    "I would like a coffee, | and a piece of apple cake.",
    "We could go on Saturday, | or maybe on Sunday afternoon.",
    "Turn off the lights, | in the kitchen and the hall.",
    "I have two children, | a boy and a girl.",
    "It works most of the time, | except when it rains.",
    "Thank you, | that was very helpful.",
    "I can come at three, | if that is all right with you.",
    # Written after the tuning was done, whichever half they are in.
    "I studied chemistry, | but I never worked as a chemist.",
    "My brother lives in Canada, | he moved there in May.",
    "The room was too small, | and the bed was hard.",
    "Yes of course, | I can bring the papers with me.",
    "I ordered two chairs, | one of them is broken.",
    "We finished the project in time, | mostly because of her.",
    "I need a new passport, | mine has expired.",
    "He plays the piano, | and sometimes the guitar.",
    "Not really, | I prefer working in a small team.",
    "I arrived on Sunday, | late in the evening.",
    "Open the window, | it is too warm in here.",
    "I sold the car last year, | now I go by train.",
)

WHOLE = (
    "What is the capital of France?",
    "I do not like reading.",
    "Can you tell me why the sky is blue?",
    "Please turn down the heating in the bedroom.",
    "The meeting starts at half past nine.",
    "How long does it take to fly to Rome?",
    "I lost my key somewhere in the garden.",
    "My sister works in a bank in London.",
    "Where did you buy that jacket?",
    "Tell me a story about a brave little mouse.",
    "We are leaving for the airport now.",
    "Do you have this shirt in blue?",
)

SHORT = (
    "Yes.",
    "No, thank you.",
    "Okay.",
    "Forty two.",
    "I don't know.",
    "Tomorrow morning.",
    "Yes, please.",
    "Why not?",
    "Blue.",
    "That's right.",
    "At the hotel.",
    "Stop.",
)

KINDS = {"hesitation": HESITATIONS, "clause": CLAUSES, "whole": WHOLE, "short": SHORT}
