"""How names and places are written otherwise: 繁体字, 间隔号, what people call a road or an estate."""

import pyarrow.compute as pc

from jiceng_pipeline.simulation import text
from jiceng_pipeline.simulation.text import Text

# characters of names, each followed by its traditional form
_PAIRS = (
    "张張刘劉陈陳杨楊黄黃赵趙吴吳孙孫马馬郑鄭谢謝韩韓冯馮邓鄧许許肖蕭蒋蔣苏蘇叶葉吕呂卢盧钟鍾谭譚陆陸贾賈韦韋"
    "邹鄒顾顧龚龔钱錢严嚴汤湯龙龍万萬贺賀赖賴庞龐兰蘭鲁魯颜顏聂聶关關欧歐骆駱齐齊荣榮丽麗静靜红紅伟偉华華云雲"
    "凤鳳军軍国國晓曉艳豔杰傑涛濤强強鹏鵬飞飛刚剛东東爱愛宁寧义義庆慶乐樂铁鐵长長学學兴興达達贵貴宝寶银銀锋鋒"
    "钢鋼莲蓮诚誠颖穎诗詩卫衛腾騰刚剛阳陽亚亞维維纯純绍紹绪緒贤賢圣聖园園岭嶺凯凱尧堯"
)
TRADITIONAL = str.maketrans(dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True)))
DOT, DOTS = "·", ("•", "．", ".", "・", " · ")
ROADS = {
    "青年中路": "青年路",
    "青年西路": "西被闸路",
    "人民中路": "人民路",
    "长江中路": "长江路",
    "跃龙南路": "南公园路",
    "工农南路": "南郊路",
    "虹桥东路": "虹桥新路",
    "北濠路": "北濠桥路",
    "崇川路": "川港路",
    "世纪大道": "新城大道",
}
_ESTATE = r"(新村|花苑|花园|名苑|公馆)(\d+)(幢|号楼|栋)"


def traditional(names: Text) -> Text:
    """Return names as an input method set to traditional characters writes them."""
    return text.translate(names, lambda name: name.translate(TRADITIONAL))


def old_places(addresses: Text) -> Text:
    """Return addresses with the road's old name, and the estate called as its people call it."""
    values = pc.replace_substring_regex(addresses, _ESTATE, r"\2\3")
    for road, old in ROADS.items():
        values = pc.replace_substring_regex(values, f"{road}(\\d)", f"{old}\\1")
    return values
