# docker build --build-arg VERSION="$(git describe --tags --always)" -t unreel .
# docker run --read-only -p 8080:8080 -v /path/to/renditions:/media:ro unreel

FROM node:20.20.2-bookworm-slim AS page
WORKDIR /src/handlers/web
COPY handlers/web/package.json handlers/web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY handlers/web/ ./
RUN npm run build

FROM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=page /src/handlers/web/dist/ handlers/web/dist/
ARG VERSION=""
# As make build does: nothing of the machine, its paths or its checkout goes into the program (make repro).
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.release=${VERSION}" -o /unreel ./cmd/unreel

# The program is static, and reads nothing but its media, and certificates where it talks to others by TLS.
FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /unreel /unreel
USER 65534:65534
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["/unreel", "healthcheck"]
ENTRYPOINT ["/unreel"]
CMD ["/media"]
