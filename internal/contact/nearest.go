package contact

import "strings"

// Nearest returns the known name that somebody who wrote name most likely
// meant, or "".
func Nearest(name string, known []string) string {
	const longest = 64 // a longer name is no slip of the pen
	if name == "" || len(name) > longest {
		return ""
	}
	name = strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToLower(name))
	best, least := "", min((len(name)+1)/2, 3)+1
	for _, candidate := range known {
		distance := levenshtein(name, candidate)
		if stem := strings.TrimSuffix(name, "s"); len(stem) > 2 && strings.HasPrefix(candidate, stem) {
			distance = min(distance, 2) // "email" or "emails" for "email_addresses"
		}
		if distance < least {
			best, least = candidate, distance
		}
	}
	return best
}

// levenshtein counts the bytes to insert, delete or replace to turn a into b.
func levenshtein(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
