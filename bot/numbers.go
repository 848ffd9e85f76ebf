package bot

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

const (
	minEnding = 3 // characters that the end of a number needs to stand for it
	maxMeant  = 5 // tickets that are named where several end so
)

// bareNumber is a number without what people, their keyboards and copied text put around it: "#tk_1.", "(tk_1)", marks that nobody sees.
func bareNumber(typed string) string {
	return strings.TrimFunc(typed, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// known are the tickets of ours that readers may see whose number is the one typed: exactly, else without what people put around it,
// else in another letter case.
func (h handler) known(ctx context.Context, r reader, typed string) ([]storage.Ticket, error) {
	bare := bareNumber(typed)
	var tried []string
	for _, number := range []string{typed, bare, strings.ToLower(bare), strings.ToUpper(bare)} {
		if number == "" || slices.Contains(tried, number) {
			continue
		}
		tried = append(tried, number)
		ours, err := h.store.TicketsByNumber(ctx, number)
		if err != nil {
			return nil, err
		}
		if who, err := h.access.audience(ctx, r, ours, nil); err != nil || who != view.Nobody && len(ours) > 0 {
			return ours, err
		}
	}
	return nil, nil
}

// ending are the tickets of ours whose number ends as typed, in any letter case, of those that belong to the chat or, in private,
// to the person: nobody learns that another ticket exists. Where one of them has just that number, it is meant alone.
func (h handler) ending(ctx context.Context, r reader, typed string) ([]storage.Ticket, error) {
	end := bareNumber(typed)
	if len([]rune(end)) < minEnding {
		return nil, nil
	}
	which, err := lists{h}.selection(ctx, listReader{reader: r}, view.List{Finished: true})
	if err != nil {
		return nil, err
	}
	found, err := h.store.ListEnding(ctx, which, end, maxMeant+1)
	for _, t := range found {
		if strings.EqualFold(t.TicketID, end) {
			return []storage.Ticket{t}, err
		}
	}
	return found, err
}

// ambiguous asks which of several tickets is meant.
func (h handler) ambiguous(ctx context.Context, a asked, typed string, found []storage.Ticket) error {
	shown := found[:min(len(found), maxMeant)]
	return lists{h}.answer(ctx, a, h.view.Candidates(h.speak(), bareNumber(typed), shown, len(found) > len(shown)))
}
