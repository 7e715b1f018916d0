"""What people call the seven emotions and the splits; what a name says for certain, and what it may mean.

Sure readings are used and said; what is merely likely, a slip or another language, is a guess that somebody
has to confirm.
"""

import difflib
import re
import unicodedata
from typing import NamedTuple

from emotion.labels import EMOTIONS

# What a name means that is known to be none of the seven, and in answers: to be left out.
NONE = "none"


def folded(text: str) -> str:
    """Return a name as names are compared: without accents, case and surrounding space."""
    apart = unicodedata.normalize("NFKD", text.strip()).casefold()
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


_SURE = {
    "angry": "angry anger",
    "disgust": "disgust disgusted disgusting",
    "fear": "fear fearful afraid scared frightened",
    "happy": "happy happiness joy joyful",
    "sad": "sad sadness",
    "surprise": "surprise surprised",
    "neutral": "neutral neutrality",
}
# Other words, short forms, and a dozen languages: to be confirmed.
_LIKELY = {
    "angry": (
        "mad rage furious an ang wut wutend arger zorn verargert colere fache enojo enfado "
        "enojado ira raiva zangado rabbia arrabbiato boos boosheid kizgin ofke злость гнев "
        "愤怒 生气 憤怒 怒り 분노 화남"
        " غضب"
    ),
    "disgust": (
        "di dis ekel angeekelt degout degoute asco disgusto nojo walging igrenme tiksinti "
        "отвращение 厌恶 嫌悪 嫌惡 혐오"
        " اشمئزاز"
    ),
    "fear": (
        "terror terrified anxious anxiety fe fea af angst furcht peur miedo temor medo paura "
        "bang korku strach страх 恐惧 害怕 恐懼 恐怖 恐れ 공포 두려움"
        " خوف"
    ),
    "happy": (
        "smile smiling cheerful glad ha hap glucklich frohlich freude heureux joie content "
        "feliz felicidad alegria alegre felicidade felice gioia felicita blij mutlu mutluluk "
        "радость счастье 高兴 快乐 开心 高興 幸福 喜び 행복 기쁨"
        " سعادة"
    ),
    "sad": (
        "cry crying depressed unhappy sa traurig trauer triste tristesse tristeza tristezza "
        "verdrietig uzgun smutny smutek грусть печаль 悲伤 伤心 难过 悲傷 悲しみ 슬픔"
        " حزن"
    ),
    "surprise": (
        "shock shocked astonished amazed su sur uberraschung uberrascht surpris sorpresa "
        "sorprendido surpresa surpreso sorpreso verrast verrassing saskin saskinlik "
        "zaskoczenie удивление 惊讶 驚訝 驚き 놀람"
        " مفاجأة"
    ),
    "neutral": (
        "calm normal natural expressionless ne neu neutre neutro neutrale neutraal notr "
        "neutralny нейтральный нейтрально 中性 平静 中立 無表情 중립 무표정"
        " محايد"
    ),
}
_OF_SURE = {word: emotion for emotion, words in _SURE.items() for word in words.split()}
_OF_LIKELY = {folded(word): emotion for emotion, words in _LIKELY.items() for word in words.split()}
_NONE_OF_SEVEN = {
    *(
        "contempt",
        "contemptuous",
        "unknown",
        "none",
        "other",
        "others",
        "uncertain",
        "ambiguous",
        "undefined",
    ),
    *("unlabelled", "unlabeled", "nf", "noface", "nonface", "notaface", "occluded"),
}
# Words that say nothing of their own.
_NOISE = {
    *("face", "faces", "facial", "image", "images", "img", "imgs", "pic", "pics", "picture", "pictures"),
    *("photo", "photos", "frame", "frames", "crop", "crops", "cropped", "aligned", "emotion", "emotions"),
    *("expression", "expressions", "class", "classes", "label", "category", "people", "person", "folder"),
    *("data", "dataset", "set", "split", "subset", "the", "of", "and", "a", "fer"),
}
_SPLIT_WORDS = {
    **dict.fromkeys(("train", "training", "trn"), "train"),
    **dict.fromkeys(("validation", "valid", "validate", "val", "dev", "development"), "validation"),
    **dict.fromkeys(("test", "testing", "tst"), "test"),
}
_GLUED = re.compile(
    r"(?:public|private)?(train|training|validation|valid|val|dev|test|testing)"
    r"(?:set|data|split|images|imgs|faces|dir)?"
)
_LIKELY_SPLIT_WORDS = {
    "train": (
        "tr entrenamiento entrainement apprentissage treino treinamento addestramento trening egitim "
        "训练 训练集 訓練 훈련 학습 обучение"
    ),
    "validation": "va eval validierung validacion validacao validazione 验证 验证集 検証 검증 валидация",
    "test": (
        "te ts evaluation holdout heldout prueba pruebas teste essai prova testen 测试 测试集 評価 テスト "
        "테스트 тест"
    ),
}
_LIKELY_SPLITS = {
    folded(word): split for split, words in _LIKELY_SPLIT_WORDS.items() for word in words.split()
}
_SPLITS = ("train", "validation", "test")
# Shares of letters in common, 0 to 1: "suprise" and "surprise" 0.93, "feer" and "fear" 0.75.
_ALIKE = 0.75
_CODE = re.compile(r"(?:class|label|emotion|expression|expr?)?[\s_-]*0*(\d{1,6})(?:\.0*)?", re.IGNORECASE)


class SplitWord(NamedTuple):
    """What a name says of a split.

    Attributes:
        split: "train", "validation" or "test".
        is_plain: it says nothing else; "FER2013Train" does, and "My training project" may mean no split.
    """

    split: str
    is_plain: bool


def code_of(text: str) -> int | None:
    """Return the number that stands for a class, of "3", "3.0", "03", "class_3"; None where it is none."""
    found = _CODE.fullmatch(text.strip())
    return int(found[1]) if found else None


def emotion_of(text: str) -> str | None:
    """Return the emotion that a name certainly says, `NONE` where it says another, None where it is unclear.

    Numbers before a name, and words such as "faces", say nothing: "0_angry", "happy faces", "Training-Sad".
    """
    words = _words(text)
    told = [word for word in words if word not in _NOISE and word not in _SPLIT_WORDS]
    if "".join(words) in _NONE_OF_SEVEN or (len(told) == 1 and told[0] in _NONE_OF_SEVEN):
        return NONE
    return _OF_SURE.get(told[0]) if len(told) == 1 else None


def is_usual(text: str) -> bool:
    """Return whether a name that says an emotion needs no word about how it was read."""
    return folded(text) in _OF_SURE


def guess_emotion(text: str) -> str | None:
    """Return the emotion that a name is likely to mean: misspelt, shortened, in another language."""
    told = [word for word in _words(text) if word not in _NOISE and word not in _SPLIT_WORDS]
    if len(told) != 1:
        return None
    # Of short forms, such as "AF", more letters and digits may mean anything: "AF01" is a person.
    if told[0] in _OF_LIKELY and (len(told[0]) > 3 or told[0] == folded(text) or not told[0].isascii()):
        return _OF_LIKELY[told[0]]
    words = [word for word in _OF_SURE if len(word) > 3]
    close = difflib.get_close_matches(told[0], words, 1, _ALIKE) if len(told[0]) > 3 else []
    return _OF_SURE[close[0]] if close else None


def is_usual_split(text: str) -> bool:
    """Return whether a name for a split is one that needs no confirmation: "val", "PublicTest"."""
    return folded(text) in (*_SPLIT_WORDS, "publictest", "privatetest")


def split_of(text: str) -> SplitWord | None:
    """Return what a name says of a split, None where it says nothing, or of two."""
    found, rest = set(), []
    for word in _words(text):
        glued = _GLUED.fullmatch(word)
        split = _SPLIT_WORDS.get(word) or (_SPLIT_WORDS[glued[1]] if glued else "")
        if split:
            found.add(split)
        elif word not in _NOISE and word not in ("public", "private"):
            rest.append(word)
    return SplitWord(found.pop(), not rest) if len(found) == 1 else None


def guess_split(text: str) -> str | None:
    """Return the split that a name is likely to mean."""
    for word in _words(text):
        close = difflib.get_close_matches(word, _SPLIT_WORDS, 1, _ALIKE) if len(word) > 3 else []
        if word in _LIKELY_SPLITS or close:
            return _LIKELY_SPLITS.get(word) or _SPLIT_WORDS[close[0]]
    return None


def usage_name(text: str) -> str:
    """Return how the challenge writes a split, of "Public Test" or "private_test"; else the text."""
    words = "".join(_words(text))
    return {"publictest": "PublicTest", "privatetest": "PrivateTest"}.get(words, text.strip())


def meaning_of(text: str) -> str | None:
    """Return what somebody means who says it of a name: an emotion, a split or `NONE`; None for neither."""
    if folded(text) in ("", "none", "skip", "nothing"):
        return NONE
    word = split_of(text)
    meant = emotion_of(text) or (word.split if word else None)
    return meant if meant in (*EMOTIONS, *_SPLITS, NONE) else None


def _words(text: str) -> list[str]:
    """Return the words of a name in lower case, without its numbers: "FER2013Train" has fer and train."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", unicodedata.normalize("NFC", text))
    return re.findall(r"[^\W\d_]+", folded(apart))
