package desk

import "sync"

// finds knows which tickets LiveDesk did not have when this process asked, and whether it had others in between. What knows no
// ticket at all is more likely a gateway, a wrong address or another project's keys.
type finds struct {
	mu      sync.Mutex
	found   int            // tickets that were there
	missing map[string]int // found, as it was when the ticket of that number was last missing
}

func newFinds() *finds { return &finds{missing: map[string]int{}} }

// there notes that LiveDesk has a ticket.
func (f *finds) there(number string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.found++
	delete(f.missing, number)
}

// absent notes that LiveDesk does not have a ticket, and reports whether it has had others since the ticket was last missing.
func (f *finds) absent(number string) (alone bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before, again := f.missing[number]
	f.missing[number] = f.found
	return again && f.found > before
}
