# The service in an image without a shell. There is no PostgreSQL in it, so it needs DATABASE_URL.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
# With .git, so that "livedeskbot version" knows its commit.
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags=-s -o /livedeskbot ./cmd/livedeskbot

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /livedeskbot /livedeskbot
USER 65532:65532
ENV LISTEN_ADDR=0.0.0.0:8080
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["/livedeskbot", "healthcheck"]
ENTRYPOINT ["/livedeskbot"]
