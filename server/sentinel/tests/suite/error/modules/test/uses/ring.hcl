import "module" "part" {
  source = "../../parts/ring.sentinel"
}

import "module" "ring" {
  source = "../../parts/part.sentinel"
}
