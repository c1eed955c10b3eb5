"""Words that names of customers and articles are made of."""

ITALIAN_TRADES = {
    "IND": ("Officine", "Meccanica", "Carpenteria", "Tessitura", "Vetreria", "Fonderia", "Cartiera", "Stampaggi"),
    "TRADE": (
        "Ferramenta",
        "Idraulica",
        "Elettroforniture",
        "Arredi",
        "Edilizia",
        "Colorificio",
        "Utensileria",
        "Legnami",
    ),
}
SURNAMES = (
    "Barbieri", "Bellini", "Bernardi", "Caruso", "Cattaneo", "Colombo", "Costa", "De Santis", "Esposito", "Fabbri",
    "Farina", "Ferrari", "Fontana", "Galli", "Gentile", "Giordano", "Grassi", "Leone", "Lombardi", "Longo", "Mancini",
    "Marchetti", "Mariani", "Martini", "Monti", "Moretti", "Orlando", "Palmieri", "Pellegrini", "Rinaldi", "Riva",
    "Rizzo", "Romano", "Ruggeri", "Santoro", "Serra", "Testa", "Valentini", "Villa", "Vitale",
)  # fmt: skip
ITALIAN_FORMS = ("S.r.l.", "S.p.A.", "& Figli S.n.c.", "S.r.l.", "Group S.r.l.")
ITALIAN_TOWNS = (
    "Ancona", "Arezzo", "Bergamo", "Brescia", "Cesena", "Como", "Cremona", "Cuneo", "Faenza", "Ferrara", "Forlì",
    "Imola", "Lecco", "Lodi", "Lucca", "Mantova", "Modena", "Monza", "Novara", "Padova", "Parma", "Pavia", "Pesaro",
    "Piacenza", "Pistoia", "Prato", "Ravenna", "Rimini", "Rovigo", "Siena", "Treviso", "Udine", "Varese", "Vicenza",
)  # fmt: skip
ITALIAN_OFFICES = ("Comune di", "Provincia di", "Azienda sanitaria di", "Università di")

AMERICAN_PLACES = (
    "Ashland", "Bayside", "Birchwood", "Bluestone", "Cedar Falls", "Clearwater", "Copper Hill", "Crestview", "Eastgate",
    "Elm Grove", "Fairmont", "Glenwood", "Granite", "Harbor", "Hillcrest", "Ironwood", "Lakeside", "Maplewood",
    "Meadowbrook", "Northgate", "Oakridge", "Pinecrest", "Redwood", "Ridgeway", "Riverside", "Rockport", "Silver Creek",
    "Stonebridge", "Summit", "Valley View", "Westfield", "Willow Bend",
)  # fmt: skip
AMERICAN_TRADES = {
    "IND": ("Fabrication", "Machine Works", "Castings", "Controls", "Tooling", "Plastics"),
    "TRADE": ("Supply", "Hardware", "Plumbing", "Electric", "Lumber", "Tools"),
}
AMERICAN_FORMS = ("Inc.", "LLC", "Corp.", "Co.")
AMERICAN_OFFICES = ("City of", "County of", "School District of", "Port of")

# Article and the price of one, before the market's mood.
ARTICLES = (
    ("Ball valve DN25", "18.40"), ("Ball valve DN50", "41.90"), ("Pressure gauge 0-16 bar", "23.75"),
    ("Centrifugal pump 1.5 kW", "486.00"), ("Submersible pump 3 kW", "1240.00"), ("Flange gasket set", "12.60"),
    ("Stainless pipe 6 m", "96.30"), ("Copper pipe coil 25 m", "148.00"), ("Pipe clamp, box of 50", "37.20"),
    ("Heat exchanger, plate", "890.00"), ("Expansion tank 50 l", "74.50"), ("Flow sensor", "132.00"),
    ("Controller, 8 channels", "315.00"), ("Actuator 24 V", "187.50"), ("Filter cartridge", "9.80"),
    ("Water meter DN20", "58.00"), ("Check valve DN32", "27.10"), ("Manifold, 6 ways", "164.00"),
)  # fmt: skip
