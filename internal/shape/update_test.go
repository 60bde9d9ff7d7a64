package shape

import (
	"slices"
	"testing"

	"crmferry/internal/contact"
)

func TestIntoEmpty(t *testing.T) {
	t.Parallel()
	tests := []struct {
		fresh, existing, want []int
		told                  int
	}{
		{[]int{1}, nil, []int{1}, 0}, {nil, []int{2}, nil, 0}, {[]int{1}, []int{2}, nil, 1}, {nil, nil, nil, 0},
	}
	for _, tt := range tests {
		told := 0
		got := IntoEmpty(tt.fresh, tt.existing, contact.URLs, func(path, code, _ string) {
			if told++; path != "urls" || code != NotUpdated {
				t.Errorf("report %s %s", path, code)
			}
		})
		if !slices.Equal(got, tt.want) || told != tt.told {
			t.Errorf("%v into %v: %v, %d reports", tt.fresh, tt.existing, got, told)
		}
	}
}
