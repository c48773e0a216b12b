import "module" "part" {
  source = "../../parts/broken.sentinel"
}
