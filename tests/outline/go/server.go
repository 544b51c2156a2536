// Package web serves pages.
package web

import (
	"context"
	"errors"
	"net/http"
)

// ErrClosed is returned after Close.
var ErrClosed = errors.New("closed")

const (
	defaultPort = 8080
	maxBody     = 1 << 20
)

type (
	// Option changes a Server.
	Option  func(*Server)
	Handler interface {
		Serve(ctx context.Context, r *http.Request) error
		http.Handler
	}
)

// Server answers requests.
type Server struct {
	mux  *http.ServeMux
	port int
	opts []Option
}

type Pair[K comparable, V any] struct {
	Key   K
	Value V
}

// New makes a Server.
//
// It does not listen yet.
func New(opts ...Option) *Server {
	s := &Server{port: defaultPort}
	for _, opt := range opts {
		opt(s)
	}
	return s
}

func (s *Server) ListenAndServe() error {
	handler := func(w http.ResponseWriter, r *http.Request) {
		s.mux.ServeHTTP(w, r)
	}
	return http.ListenAndServe(":", http.HandlerFunc(handler))
}

func (p Pair[K, V]) String() string { return "" }

func Map[T, U any](items []T, f func(T) U) (out []U) {
	for _, item := range items {
		out = append(out, f(item))
	}
	return
}

func init() {}
