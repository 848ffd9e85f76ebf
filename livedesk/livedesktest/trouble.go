package livedesktest

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
)

// Always, as a number of times, means until cleared.
const Always = -1

// Chance is how probable a [Fault] is for a request.
type Chance struct {
	Of    float64 // 0 to 1
	Op    Op
	Fault Fault
}

// trouble is a fault that is set.
type trouble struct {
	number int // counts from 1 in the order of setting
	op     Op
	left   int // negative: without end
	fault  Fault
}

type troubles struct {
	mu       sync.Mutex
	last     int
	active   []*trouble
	chances  []Chance
	random   *rand.Rand
	released chan struct{}
}

// Trouble makes the next times requests for op go wrong, or all of them with [Always], and returns a
// function that ends it earlier. Several troubles apply to one request in the order in which they were
// set; one that does no work, such as [Cut], hides those after it.
func (d *Desk) Trouble(op Op, times int, f Fault) (end func()) {
	t := &d.troubles
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last++
	set := &trouble{number: t.last, op: op, left: times, fault: f}
	t.active = append(t.active, set)
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.active = slices.DeleteFunc(t.active, func(other *trouble) bool { return other == set })
	}
}

// Chaos lets each request draw at most one fault at random, which applies after those of [Desk.Trouble]; where one of those
// does no work, none is drawn. The chances that match an operation add up and should stay below 1. The same seed draws the
// same sequence; which request draws first is up to the clients. Without chances, chaos ends.
func (d *Desk) Chaos(seed uint64, chances ...Chance) {
	d.troubles.mu.Lock()
	defer d.troubles.mu.Unlock()
	d.troubles.chances = slices.Clone(chances)
	d.troubles.random = rand.New(rand.NewPCG(seed, seed))
}

// Clear ends all troubles and chaos, and cuts the connections of requests that are held back.
func (d *Desk) Clear() {
	d.troubles.mu.Lock()
	defer d.troubles.mu.Unlock()
	d.troubles.active, d.troubles.chances = nil, nil
	close(d.troubles.released)
	d.troubles.released = make(chan struct{})
}

func (t *troubles) release() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.released
}

// take returns the first fault for a request whose number is greater than after, and counts it as used. If there is none it draws
// one at random.
func (t *troubles) take(c *call, after int) (f Fault, number int, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, set := range t.active {
		if set.number <= after || !set.op.matches(c.op) || !set.fault.hits(c) {
			continue
		}
		if set.left > 0 {
			set.left--
		}
		if set.left == 0 {
			t.active = slices.Delete(t.active, i, i+1)
		}
		return set.fault, set.number, true
	}
	if after == math.MaxInt {
		return Fault{}, after, false
	}
	f, ok = t.draw(c)
	return f, math.MaxInt, ok
}

func (t *troubles) draw(request *call) (Fault, bool) {
	if len(t.chances) == 0 {
		return Fault{}, false
	}
	rest := t.random.Float64()
	for _, c := range t.chances {
		if !c.Op.matches(request.op) || !c.Fault.hits(request) {
			continue
		}
		if rest < c.Of {
			return c.Fault, true
		}
		rest -= c.Of
	}
	return Fault{}, false
}

func (o Op) matches(other Op) bool { return o == Any || o == other }

// answer does the work of a request, inside the troubles whose number is greater than after.
func (d *Desk) answer(c *call, after int) answer {
	f, number, ok := d.troubles.take(c, after)
	if !ok {
		return d.work(c)
	}
	c.faults = append(c.faults, f.name)
	return f.apply(c.request, func() answer { return d.answer(c, number) })
}
