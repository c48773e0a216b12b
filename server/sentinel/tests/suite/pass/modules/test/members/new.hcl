import "module" "shapes" {
  source = "../../parts/shapes.sentinel"
}

import "module" "inner" {
  source = "../../parts/inner.sentinel"
}

test {
  rules = {
    main = true
    out  = [42, 6, "X", "none", true, 8, 42, 42, "not a member", 1, 2, 3]
  }
}
