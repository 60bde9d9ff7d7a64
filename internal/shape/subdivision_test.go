package shape

import "testing"

func TestSubdivision(t *testing.T) {
	t.Parallel()
	tests := []struct{ state, country, want string }{
		{"US-CA", "", "US-CA"}, {"us-ca", "US", "US-CA"}, {"CA", "United States", "US-CA"}, {"california", "USA", "US-CA"},
		{"NSW", "AU", "AU-NSW"}, {"Quebec", "Canada", "CA-QC"}, {"75", "FR", "FR-75"},
		{"California", "", ""}, {"CA", "", ""}, {"Kent", "GB", ""}, {"Bavaria", "DE", ""}, {"California", "Nowhere", ""}, {"", "US", ""},
	}
	for _, tt := range tests {
		if got, ok := Subdivision(tt.state, tt.country); got != tt.want || ok != (tt.want != "") {
			t.Errorf("%q of %q is %q, %v; want %q", tt.state, tt.country, got, ok, tt.want)
		}
	}
	for country, names := range states() {
		for half, name := range names {
			if got, _ := Subdivision(name, country); got != country+"-"+half {
				t.Errorf("%s is %s", name, got)
			}
		}
	}
}
