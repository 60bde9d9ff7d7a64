package shape

import (
	"regexp"
	"strings"

	"crmferry/internal/contact"
)

// Subdivision is the ISO 3166-2 code of a state within a country, such as
// "US-CA", given by that code, by its second half, or by its name for the
// states of AU, CA and US. ok is false for all else.
func Subdivision(state, country string) (code string, ok bool) {
	state, country = strings.ToUpper(strings.TrimSpace(state)), CountryCode(country)
	if regexp.MustCompile(`^[A-Z]{2}-[A-Z0-9]{1,3}$`).MatchString(state) {
		return state, true
	}
	if _, known := contact.CountryAlpha2(country); !known {
		return "", false
	}
	if regexp.MustCompile(`^[A-Z0-9]{1,3}$`).MatchString(state) {
		return country + "-" + state, true
	}
	for half, name := range states()[country] {
		if contact.SameText(name, state) {
			return country + "-" + half, true
		}
	}
	return "", false
}

// states are the names of states, by country and second half of their codes.
func states() map[string]map[string]string {
	return map[string]map[string]string{
		"AU": {
			"ACT": "Australian Capital Territory", "NSW": "New South Wales", "NT": "Northern Territory", "QLD": "Queensland",
			"SA": "South Australia", "TAS": "Tasmania", "VIC": "Victoria", "WA": "Western Australia",
		},
		"CA": {
			"AB": "Alberta", "BC": "British Columbia", "MB": "Manitoba", "NB": "New Brunswick", "NL": "Newfoundland and Labrador",
			"NS": "Nova Scotia", "NT": "Northwest Territories", "NU": "Nunavut", "ON": "Ontario", "PE": "Prince Edward Island",
			"QC": "Quebec", "SK": "Saskatchewan", "YT": "Yukon",
		},
		"US": {
			"AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California", "CO": "Colorado",
			"CT": "Connecticut", "DE": "Delaware", "DC": "District of Columbia", "FL": "Florida", "GA": "Georgia", "HI": "Hawaii",
			"ID": "Idaho", "IL": "Illinois", "IN": "Indiana", "IA": "Iowa", "KS": "Kansas", "KY": "Kentucky", "LA": "Louisiana",
			"ME": "Maine", "MD": "Maryland", "MA": "Massachusetts", "MI": "Michigan", "MN": "Minnesota", "MS": "Mississippi",
			"MO": "Missouri", "MT": "Montana", "NE": "Nebraska", "NV": "Nevada", "NH": "New Hampshire", "NJ": "New Jersey",
			"NM": "New Mexico", "NY": "New York", "NC": "North Carolina", "ND": "North Dakota", "OH": "Ohio", "OK": "Oklahoma",
			"OR": "Oregon", "PA": "Pennsylvania", "PR": "Puerto Rico", "RI": "Rhode Island", "SC": "South Carolina",
			"SD": "South Dakota", "TN": "Tennessee", "TX": "Texas", "UT": "Utah", "VT": "Vermont", "VA": "Virginia",
			"WA": "Washington", "WV": "West Virginia", "WI": "Wisconsin", "WY": "Wyoming",
		},
	}
}
