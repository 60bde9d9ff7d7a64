package api

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// optional is a query option that may be absent, which is not the same as its
// zero value.
type optional[T any] struct {
	Value T
	Set   bool
}

// Schema is that of the value.
func (o optional[T]) Schema(r huma.Registry) *huma.Schema {
	return huma.SchemaFromType(r, reflect.TypeFor[T]())
}

// Receiver is where the value is parsed into.
func (o *optional[T]) Receiver() reflect.Value { return reflect.ValueOf(o).Elem().Field(0) }

// OnParamSet notes that there is a value.
func (o *optional[T]) OnParamSet(set bool, _ any) { o.Set = set }
