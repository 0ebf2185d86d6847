using FlexGen.Demo;

try
{
    switch (args.FirstOrDefault())
    {
        case "data":
            await Commands.DataAsync(new(args[1..], "poison"));
            return 0;
        case "tokenizer":
            Commands.TrainTokenizer(new(args[1..]));
            return 0;
        case "train":
            Commands.Train(new(args[1..]));
            return 0;
        case "evaluate":
            Commands.Evaluate(new(args[1..]));
            return 0;
        default:
            Console.Error.WriteLine("""
                Makes the demo's data and model.
                  data --seed S --count N --output FILE.parquet [--names train|test] [--poison] [--expected FILE.jsonl]
                  tokenizer --output DIR
                  train --output DIR [--device cuda:0] [--minutes M] [--steps N] [--batch B] [--seed S] [--learning-rate R]
                        [--evaluate-every N] [--evaluate-count N]
                  evaluate --model DIR [--device cuda:0] [--seed S] [--count N]
                """);
            return 2;
    }
}
catch (ArgumentException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
