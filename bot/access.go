package bot

import (
	"context"
	"strconv"

	"livedeskbot/bot/view"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

// reader is who will read an answer.
type reader struct {
	chat    int64
	person  int64
	private bool
}

// audienceOf says as what the readers of a chat may see a ticket. ours are the rows with its number, desk is what LiveDesk
// says of it, nil where it says nothing.
func (h handler) audienceOf(ctx context.Context, r reader, ours []storage.Ticket, desk *livedesk.Ticket) (view.Audience, error) {
	if h.staff[r.chat] {
		return view.Staff, nil
	}
	for _, t := range ours {
		if t.ChatID == r.chat {
			return view.Customers, nil
		}
		if ok, err := h.ownElsewhere(ctx, r, t); err != nil || ok {
			return view.Customers, err
		}
	}
	if desk != nil && desk.Requester.ChannelContacts != nil {
		c := desk.Requester.ChannelContacts
		if c.ChannelID == h.cfg.ChannelID && c.ContactID == strconv.FormatInt(r.chat, 10) {
			return view.Customers, nil
		}
	}
	return view.Nobody, nil
}

// ownElsewhere says whether a private chat's person made or follows a ticket of a chat that they are still a member of.
func (h handler) ownElsewhere(ctx context.Context, r reader, t storage.Ticket) (bool, error) {
	if !r.private {
		return false, nil
	}
	follows, err := h.store.Follows(ctx, t.ID, r.person)
	if err != nil || !follows {
		return false, err
	}
	member, err := h.telegram.Member(ctx, t.ChatID, r.person)
	return member.In, err
}
