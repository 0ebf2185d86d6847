namespace FlexGen.Demo.Data;

/// <summary>The sentences that records are made of. Main holds one kind of text per row; the others tell nothing of interest.</summary>
internal static class Sentences
{
    public static readonly string[][] Main =
    [
        // orders
        ["Order {number} from {name} in {city}: {small} x {item}, total {amount}.", "{name} from {city} ordered {small} {item} for {amount}.",
            "New order: {item}, to be billed to {name}, {city}, {amount}.", "We received an order over {amount} from {title} {name} ({city})."],
        // invoices
        ["Invoice {number}: {name}, {city}, amount due {amount}.", "Please pay {amount} by {date}. Billed to {name}, {city}.",
            "Invoice no. {number} for {title} {name} of {city} comes to {amount}.", "Amount due: {amount}. Customer: {name}. Place: {city}."],
        // deliveries
        ["The parcel for {name} will reach {city} on {date}.", "Delivery to {name} in {city} on {day}, {amount} to be paid at the door.",
            "{small} boxes of {item} were shipped to {city}; {name} signs for them.", "Shipment {number} left for {city}, addressed to {name}."],
        // appointments
        ["{title} {name} has an appointment in {city} on {date} at {time}.", "Your visit, {name}, is set for {day} at {time} in our {city} office.",
            "Appointment: {name}, {date}, {time}. The fee is {amount}.", "Please move the {time} meeting with {name} in {city} to {day}."],
        // contact lines
        ["{name}, {city}, phone {phone}.", "Contact: {name}, room {small}, {city}.", "{name} | {city} | {phone}", "Call {name} in {city} at {phone}."],
        // payments
        ["{name} paid {amount} on {date}.", "We got {amount} from {name} of {city} on {day}.", "Payment of {amount} received, sender {name}.",
            "A transfer of {amount} to {name} in {city} was made on {date}."],
        // refunds
        ["Refund {amount} to {name}, who sent the {item} back from {city}.", "{title} {name} of {city} gets {amount} back for the broken {item}.",
            "The refund for {name} is {amount}.", "Returned: {small} {item}. Credit {amount} to {name}."],
        // bookings
        ["{name} booked {small} nights in {city} for {amount}.", "Room {small} in {city} is reserved for {name} from {date}.",
            "Booking {number}: {name}, flight to {city}, fare {amount}.", "A table for {small} at {time} under the name {name}."],
        // notices
        ["Notice: the library in {city} is closed on {day}.", "The market in {city} opens at {time} on {date}.",
            "The ticket to {city} now costs {amount}.", "Power will be off in {city} on {date} from {time}."],
        // complaints
        ["{name} from {city} writes that the {item} arrived broken.", "{title} {name} says the {item} cost {amount} and never came.",
            "A complaint from {city}: {name} waited {small} days for the {item}.", "{name} wants the {amount} for the {item} back."],
        // donations
        ["{name} gave {amount} to the school in {city}.", "A gift of {amount} came from {name}.",
            "Thank you, {name}, for your {amount} to the people of {city}."],
        // memberships
        ["{name} joined the {city} club on {date}.", "Membership {number} of {name}, {city}, costs {amount} a year.", "New member: {name}, living in {city}."],
        // jobs
        ["{name} starts on {date} as a driver in {city} at {amount} a month.", "We hired {title} {name} for our {city} shop.",
            "The job in {city} pays {amount}."],
        // repairs
        ["The {item} of {name} is ready in {city}; the repair cost {amount}.", "Repair {number}: {item}, owner {name}, {amount}.",
            "Please fetch the {item} at our shop in {city}."],
        // events
        ["{name} will speak in {city} on {date}, entry {amount}.", "Concert in {city}, {day} at {time}, tickets from {amount}.",
            "Tonight at {time}: {name} reads in {city}."],
        // rents
        ["The flat in {city} is let to {name} for {amount} a month.", "{name} owes {amount} rent for the house in {city}.",
            "Rent for {date}: {amount}, tenant {name}."],
        // prizes and lost things
        ["{title} {name} of {city} won {amount}.", "Found in {city}: one {item}, it belongs to {name}.", "{name} offers {amount} for the lost {item}."],
        // sales
        ["For sale in {city}: {item}, {amount}, ask for {name}.", "{item} for {amount}, pick up in {city}.", "{name} sells {small} {item}."],
        // nothing to extract
        ["The {item} is out of stock until {date}.", "Please water the plants on {day}.", "Meeting moved to {day}, {time}, room {small}."],
    ];

    public static readonly string[] Before =
    [
        "Dear team,", "Hello,", "For your files:", "Note {number}.", "Good morning.", "To the front desk:", "Written on {date}.", "Urgent!",
        "Please note the following.", "Message from {day}, {time}:", "FYI:", "Our office in {otherCity} asks us to pass this on.",
    ];

    public static readonly string[] After =
    [
        "Please confirm by {date}.", "Call {phone} with questions.", "Thank you for your help.", "Our reference is {number}.", "The door code is {small}.",
        "The driver is {otherName}.", "Handled by {otherName}.", "The head office is in {otherCity}.", "This includes a fee of {otherAmount}.",
        "Last year it was {otherAmount}.", "We are closed on {day}.", "It takes about {small} days.", "Ring twice.", "Do not answer this message.",
        "The {item} is still missing.", "See page {small} of the list.", "A copy went to {otherName}.", "Best regards, the office",
        "Keep this number: {number}.", "There was rain all {day}.", "Everything else stays as agreed on {date}.", "Ask for the blue form.",
    ];

    public static readonly string[] Titles = ["Mr.", "Mrs.", "Ms.", "Dr.", "Prof."];

    public static readonly string[] Items =
    [
        "chairs", "lamp", "garden table", "bicycle", "books", "coffee machine", "window frames", "shoes", "winter coat", "printer paper", "guitar",
        "tyres", "tent", "kitchen knives", "camera", "carpet", "apples", "olive oil", "wool blankets", "desk", "keyboard", "piano stool", "mirror",
        "paint", "umbrella", "suitcase", "clock", "towels", "toaster", "seeds", "candles", "radio", "phone case", "spare key", "drill", "ladder",
    ];

    public static readonly string[] Days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

    public static readonly string[] Months =
        ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
}
