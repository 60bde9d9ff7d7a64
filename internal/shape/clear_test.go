package shape

import (
	"encoding/json"
	"testing"
)

func TestWhole(t *testing.T) {
	t.Parallel()
	type place struct {
		Street string `json:"street,omitempty"`
		City   string `json:"city,omitempty"`
		Title  string `json:"title,omitempty"`
	}
	tests := []struct {
		in   Open[place]
		want string
	}{
		{Open[place]{Known: place{City: "Rome"}, More: map[string]any{"x": 1}}, `{"city":"Rome","state":null,"street":null,"x":1}`},
		{Open[place]{Known: place{Title: "Boss"}}, `{"title":"Boss"}`},
		{Open[place]{More: map[string]any{"state": "NY"}}, `{"city":null,"state":"NY","street":null}`},
	}
	for _, tt := range tests {
		got, err := json.Marshal(Whole(tt.in, "street", "city", "state"))
		if string(got) != tt.want || err != nil {
			t.Errorf("%+v: %s, %v; want %s", tt.in, got, err, tt.want)
		}
	}
}
