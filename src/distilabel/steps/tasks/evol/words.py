"""Everyday words; a new instruction is generated from two of them."""

__all__ = ["WORDS"]

WORDS = tuple(
    """
    airport album alarm animal apple archive army atom autumn bakery ball bank battery beach bee bicycle bill bird
    blood board boat bone book border bottle brain bread bridge brother budget building bus butter button cable cake
    camera candle car castle cat cell chair chemistry chess child church city climate clock cloud coal coast coffee
    coin colour computer concert contract cook copper cotton crop crowd crystal dance debt desert dictionary dinner
    doctor dog door dream drum earthquake egg election elephant energy engine evening exam family farm fashion fence
    festival fever film fire fish flag flight floor flower football forest fossil friend fruit furniture game garden
    gas gift glass gold grammar grass guitar habit hair hammer harbour heart history holiday honey horse hospital
    hotel house hunger ice insect insurance island jacket joke journey judge key kitchen knife lake lamp language law
    leather lemon letter library light lion loan lock machine magnet map market marriage mathematics meal medicine
    memory metal microscope milk mirror money moon morning mountain mouse museum music needle neighbour net newspaper
    night noise novel number nurse ocean office oil onion orchestra oven paint paper park passport patient pencil
    pension philosophy photograph piano picture pilot planet plant poem police pool port potato price prison profit
    proverb puzzle queue rabbit radio rain recipe rent rice river road robot roof rope rule sail salt sand satellite
    school season seed sentence shadow ship shoe shop silence silver sister skin sleep smoke snow soap soil song soup
    spoon spring star station statue steel stone storm story street student sugar suitcase summer sun table tax teacher
    teeth telephone telescope theatre ticket tiger toolbox tower toy train translation tree trial tunnel uncle
    university vaccine valley vegetable violin virus volcano wage wall war water wave weather wedding weight whale
    wheat wheel wind window wine winter wolf wood wool word work yard
    """.split(),  # noqa: SIM905 - a list of 400 lines says no more
)
