package livedesktest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"livedeskbot/livedesk/livedesktest"
)

func Example() {
	desk := livedesktest.New(livedesktest.Options{})
	server := httptest.NewServer(desk)
	defer server.Close()

	// The next ticket is stored, but its answer gets lost.
	desk.Trouble(livedesktest.Create, 1, livedesktest.StoreThenLose())
	body := `{"title":"Printer jam","requester":{"euid":"contact_12345"}}`
	request, _ := http.NewRequest(http.MethodPost, server.URL+"/api/v2/accounts/tickets", strings.NewReader(body))
	request.SetBasicAuth(livedesktest.DefaultKey, livedesktest.DefaultSecret)
	request.Header.Set("Content-Type", "application/json")
	_, err := http.DefaultClient.Do(request)
	fmt.Println("answered:", err == nil)

	for _, ticket := range desk.Tickets() {
		_ = desk.SetStatus(ticket.ID, "resolved")
		ticket, _ = desk.Ticket(ticket.ID)
		fmt.Println(ticket.Title, ticket.Status)
	}
	// Output:
	// answered: false
	// Printer jam resolved
}
