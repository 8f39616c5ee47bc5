"""The seven expressions, their one order, and the names that data sets give them."""

LABELS = ("Anger", "Disgust", "Fear", "Happy", "Neutral", "Sad", "Surprise")

# Emotion codes 0-6 of Kaggle's fer2013.csv, whose order differs from ours.
FER2013_CODES = ("Angry", "Disgust", "Fear", "Happy", "Sad", "Surprise", "Neutral")

_ALIASES = {
    "angry": "Anger",
    "anger": "Anger",
    "disgust": "Disgust",
    "disgusted": "Disgust",
    "fear": "Fear",
    "fearful": "Fear",
    "happy": "Happy",
    "happiness": "Happy",
    "neutral": "Neutral",
    "sad": "Sad",
    "sadness": "Sad",
    "surprise": "Surprise",
    "surprised": "Surprise",
}


def label_index(name: str) -> int:
    """Position in `LABELS` of a data set's class name, whatever its case or word form.

    Raises:
        ValueError: the name is none of the seven expressions.
    """
    try:
        return LABELS.index(_ALIASES[name.strip().casefold()])
    except KeyError:
        raise ValueError(f"unknown class {name!r}: expected one of {', '.join(LABELS)}") from None
