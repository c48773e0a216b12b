# The error lies at: 1 / zero
import "module" "part" {
  source = "../../parts/failing.sentinel"
}
