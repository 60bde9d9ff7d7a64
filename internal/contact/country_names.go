package contact

// renamed holds the English names that CLDR 32, which x/text carries, has in
// an older or an awkward form. https://www.iso.org/obp/ui/ is the source of
// changes of name.
func renamed() map[string]string {
	return map[string]string{
		"CD": "Democratic Republic of the Congo",
		"CG": "Republic of the Congo",
		"HK": "Hong Kong",
		"MK": "North Macedonia",
		"MM": "Myanmar",
		"MO": "Macao",
		"PS": "Palestine",
		"SZ": "Eswatini",
	}
}

// variants holds what else people write in address forms: abbreviations, parts
// of countries, former and official names.
func variants() map[string][]string {
	return map[string][]string{
		"AE": {"UAE", "Emirates"},
		"BA": {"Bosnia", "Bosnia-Herzegovina"},
		"BE": {"Belgique", "Belgien"},
		"BN": {"Brunei Darussalam"},
		"BO": {"Plurinational State of Bolivia", "Bolivia, Plurinational State of"},
		"BQ": {"Bonaire, Sint Eustatius and Saba"},
		"CD": {"DRC", "DR Congo", "Congo (Kinshasa)", "Congo - Kinshasa", "Congo, Democratic Republic of the", "Zaire"},
		"CG": {"Congo", "Congo (Brazzaville)", "Congo - Brazzaville"},
		"CH": {"Suisse", "Svizzera", "Swiss Confederation"},
		"CI": {"Ivory Coast"},
		"CN": {"PRC", "People's Republic of China", "Mainland China"},
		"CV": {"Cabo Verde"},
		"CZ": {"Czech Republic"},
		"DE": {"Federal Republic of Germany", "BRD"},
		"FK": {"Falkland Islands (Malvinas)", "Falklands"},
		"FM": {"Federated States of Micronesia", "Micronesia, Federated States of"},
		"GB": {
			"UK", "Great Britain", "Britain", "England", "Scotland", "Wales", "Northern Ireland",
			"United Kingdom of Great Britain and Northern Ireland",
		},
		"HK": {"Hong Kong SAR", "Hong Kong SAR China"},
		"IE": {"Republic of Ireland", "Eire"},
		"IR": {"Islamic Republic of Iran", "Iran, Islamic Republic of"},
		"KP": {"DPRK", "Democratic People's Republic of Korea", "Korea, Democratic People's Republic of"},
		"KN": {"Saint Kitts and Nevis"},
		"KR": {"Korea", "Republic of Korea", "Korea, Republic of", "Korea, South"},
		"LA": {"Lao People's Democratic Republic", "Lao PDR"},
		"LC": {"Saint Lucia"},
		"MD": {"Republic of Moldova", "Moldova, Republic of"},
		"MF": {"Saint Martin"},
		"MK": {"Macedonia", "FYROM", "Republic of North Macedonia"},
		"MM": {"Burma", "Myanmar (Burma)"},
		"MO": {"Macau", "Macao SAR", "Macau SAR China"},
		"NL": {"Holland", "The Netherlands"},
		"PM": {"Saint Pierre and Miquelon"},
		"PS": {"State of Palestine", "Palestinian Territories", "Palestine, State of"},
		"RU": {"Russian Federation"},
		"SH": {"Saint Helena", "Saint Helena, Ascension and Tristan da Cunha"},
		"SK": {"Slovak Republic"},
		"SY": {"Syrian Arab Republic"},
		"SZ": {"Swaziland"},
		"TL": {"East Timor"},
		"TR": {"Türkiye", "Republic of Türkiye"},
		"TW": {"Taiwan, Province of China", "Taiwan ROC", "Republic of China"},
		"TZ": {"United Republic of Tanzania", "Tanzania, United Republic of"},
		"UM": {"United States Minor Outlying Islands"},
		"US": {"U S A", "United States of America", "America", "The States"},
		"VA": {"Vatican", "Holy See"},
		"VC": {"Saint Vincent and the Grenadines"},
		"VE": {"Bolivarian Republic of Venezuela", "Venezuela, Bolivarian Republic of"},
		"VG": {"Virgin Islands, British"},
		"VI": {"Virgin Islands, U.S.", "US Virgin Islands"},
		"VN": {"Viet Nam"},
	}
}
