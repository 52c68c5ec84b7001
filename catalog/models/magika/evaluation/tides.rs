use std::f64::consts::PI;

/// One part of the tide.
struct Constituent {
    amplitude: f64,
    speed: f64,
    phase: f64,
}

impl Constituent {
    fn height(&self, hour: f64) -> f64 {
        self.amplitude * ((self.speed * hour - self.phase) * PI / 180.0).cos()
    }
}

fn main() {
    let parts = vec![
        Constituent { amplitude: 1.32, speed: 28.984104, phase: 64.0 },
        Constituent { amplitude: 0.41, speed: 30.0, phase: 98.5 },
    ];
    for hour in 0..24 {
        let sum: f64 = parts.iter().map(|part| part.height(hour as f64)).sum();
        println!("{:02}:00 {:.2}", hour, 1.9 + sum);
    }
}
